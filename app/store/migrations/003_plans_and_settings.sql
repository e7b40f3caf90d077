-- Plans, the reasons of set-points, and the homeowner's wishes.
CREATE TABLE plans (
    made_at_s REAL PRIMARY KEY,
    body TEXT NOT NULL
);
CREATE TABLE reasons (
    at_s REAL NOT NULL, charger_id TEXT NOT NULL,
    power_w REAL NOT NULL, code TEXT NOT NULL,
    params TEXT NOT NULL, limited_by TEXT NOT NULL,
    PRIMARY KEY (at_s, charger_id)
);
CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    at_s REAL NOT NULL
);
