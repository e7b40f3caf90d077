"""Run with pysunspec2's Python: print the points of its model definitions, as JSON.

Usage: sunspec_definitions.py MODEL_ID...
"""

import json
import sys

import sunspec2.device as device


def points(group):
    return [[p["name"], p["type"], p["size"], p.get("sf") or ""] for p in group["points"]]


def definition(model_id):
    group = device.get_model_def(model_id, mapping=False)["group"]
    return {"points": points(group), "group_points": [points(inner) for inner in group.get("groups", [])]}


print(json.dumps({model_id: definition(int(model_id)) for model_id in sys.argv[1:]}))
