-- A grid event's service second by second, a minute a row, packed: enough to settle it.
CREATE TABLE service_seconds (
    source TEXT NOT NULL, event_id TEXT NOT NULL, at_s REAL NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (source, event_id, at_s)
);
