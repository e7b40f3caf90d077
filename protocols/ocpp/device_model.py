"""The device model at work: reads, sets and reports of the table in ``variables``.

Source: OCPP 2.1 part 2, block B (B05 to B08). A value that a CSMS sets is on disk before it is acknowledged.
"""

from protocols.ocpp.config import StationConfig
from protocols.ocpp.memory import Memory
from protocols.ocpp.schemas import Json
from protocols.ocpp.variables import Variable, key_of, members_of, table


class DeviceModel:
    """The table and its present values."""

    def __init__(self, config: StationConfig, memory: Memory) -> None:
        """Fill the table; what the CSMS once set is read back."""
        self._memory = memory
        self._variables = {variable.key: variable for variable in table(config)}
        self._components = {key.split("/", 1)[0] for key in self._variables}
        self._set = {k: v for k, v in memory.settings().items() if k in self._variables}

    def add(self, variable: Variable) -> None:
        """Add a variable whose value is computed when asked."""
        self._variables[variable.key] = variable
        self._components.add(variable.component.lower())

    def number(self, component: str, name: str, instance: str | None = None) -> float:
        """A number's present value."""
        return float(self._value(self._variables[key_of(component, name, instance)]))

    def members(self, component: str, name: str) -> frozenset[str]:
        """A list's present members."""
        return frozenset(members_of(self._value(self._variables[key_of(component, name)])))

    def keep_number(self, component: str, name: str, value: float) -> None:
        """Set a number from inside (the BootNotification's interval)."""
        key = key_of(component, name)
        self._set[key] = f"{value:g}"
        self._memory.keep_setting(key, self._set[key])

    def get(self, item: Json) -> Json:
        """One GetVariableResultType."""
        variable, status = self._find(item)
        result = _echo(item)
        if variable is not None and item.get("attributeType", "Actual") != "Actual":
            variable, status = None, "NotSupportedAttributeType"
        if variable is not None:
            result["attributeValue"] = self._value(variable)
        return result | {"attributeStatus": status}

    def set(self, item: Json) -> Json:
        """One SetVariableResultType; on disk when it says Accepted."""
        variable, status = self._find(item)
        if variable is not None and item.get("attributeType", "Actual") != "Actual":
            variable, status = None, "NotSupportedAttributeType"
        reason: str | None = None
        if variable is not None:
            reason = variable.fault(item["attributeValue"].strip())
            if reason is None:
                self._set[variable.key] = item["attributeValue"].strip()
                self._memory.keep_setting(variable.key, self._set[variable.key])
            else:
                status = "Rejected"
        info = {} if reason is None else {"attributeStatusInfo": {"reasonCode": reason}}
        return _echo(item) | {"attributeStatus": status} | info

    def report(self, base: str) -> list[Json]:
        """ReportDataTypes of a GetBaseReport."""
        return [self._report(variable) for variable in self._variables.values() if _in_base(variable, base)]

    def report_of(self, wanted: list[Json]) -> list[Json]:
        """ReportDataTypes of a GetReport; nothing wanted in particular: all."""
        return [
            self._report(variable)
            for variable in self._variables.values()
            if not wanted or any(_matches(variable, item) for item in wanted)
        ]

    def _find(self, item: Json) -> tuple[Variable | None, str]:
        component, name = item["component"], item["variable"]
        evse = component.get("evse", {})
        key = key_of(component["name"], name["name"], name.get("instance"), evse.get("id"), evse.get("connectorId"))
        if component["name"].lower() not in self._components:
            return None, "UnknownComponent"
        found = self._variables.get(key)
        return found, "Accepted" if found is not None else "UnknownVariable"

    def _value(self, variable: Variable) -> str:
        if variable.key in self._set:
            return self._set[variable.key]
        return variable.value if isinstance(variable.value, str) else variable.value()

    def _report(self, variable: Variable) -> Json:
        component: Json = {"name": variable.component}
        if variable.evse_id is not None:
            component["evse"] = {"id": variable.evse_id}
            if variable.connector_id is not None:
                component["evse"]["connectorId"] = variable.connector_id
        named: Json = {"name": variable.name}
        if variable.instance is not None:
            named["instance"] = variable.instance
        traits: Json = {"dataType": variable.type, "supportsMonitoring": False}
        for field, value in (("unit", variable.unit), ("minLimit", variable.low), ("maxLimit", variable.high)):
            if value is not None:
                traits[field] = value
        if variable.choices:
            traits["valuesList"] = ",".join(variable.choices)
        attribute = {
            "value": self._value(variable),
            "mutability": "ReadWrite" if variable.writable else "ReadOnly",
            "persistent": True,
        }
        return {
            "component": component,
            "variable": named,
            "variableAttribute": [attribute],
            "variableCharacteristics": traits,
        }


def _echo(item: Json) -> Json:
    return {key: item[key] for key in ("component", "variable", "attributeType") if key in item}


def _in_base(variable: Variable, base: str) -> bool:
    if base == "ConfigurationInventory":
        return variable.writable
    if base == "SummaryInventory":
        return variable.name in ("AvailabilityState", "Available", "Enabled")
    return True


def _matches(variable: Variable, item: Json) -> bool:
    component, name = item["component"], item.get("variable", {})
    evse = component.get("evse", {})
    return bool(
        component["name"].lower() == variable.component.lower()
        and evse.get("id", variable.evse_id) == variable.evse_id
        and name.get("name", variable.name).lower() == variable.name.lower()
        and name.get("instance", variable.instance) == variable.instance
    )
