"""Run with pysunspec2's Python: scan a SunSpec device and print its points as JSON.

Usage: sunspec_read.py PORT UNIT
"""

import json
import sys

import sunspec2.modbus.client as client

device = client.SunSpecModbusClientDeviceTCP(slave_id=int(sys.argv[2]), ipaddr="127.0.0.1", ipport=int(sys.argv[1]))
device.scan()
print(
    json.dumps(
        {
            "base": device.base_addr,
            "models": [
                {name: point.cvalue for name, point in models[0].points.items()}
                for model_id, models in device.models.items()
                if isinstance(model_id, int)
            ],
        }
    )
)
device.close()
