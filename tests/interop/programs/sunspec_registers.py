"""Run with pysunspec2's Python: print the registers of SunSpec models with given values, as JSON words.

Standard input: [[model ID, {point: value in its unit}], ...]
"""

import json
import struct
import sys

import sunspec2.device as device

words = [0x5375, 0x6E53]
for model_id, values in json.load(sys.stdin):
    data = device.Model(model_id, data={"ID": model_id, **values}).get_mb()
    words += struct.unpack(f">{len(data) // 2}H", data)
print(json.dumps([*words, 0xFFFF, 0]))
