-- What must be on disk before it is acknowledged.
CREATE TABLE accounts (
    at_s REAL PRIMARY KEY,
    span_s REAL NOT NULL,
    solar_house_wh REAL NOT NULL, solar_car_wh REAL NOT NULL, solar_grid_wh REAL NOT NULL,
    grid_house_wh REAL NOT NULL, grid_car_wh REAL NOT NULL,
    car_house_wh REAL NOT NULL, car_grid_wh REAL NOT NULL,
    cost REAL, baseline_cost REAL, wear REAL
);
CREATE TABLE sessions (
    session_id TEXT PRIMARY KEY,
    start_s REAL NOT NULL, end_s REAL,
    protocol TEXT NOT NULL, evcc_id TEXT,
    charged_wh REAL NOT NULL, discharged_wh REAL NOT NULL,
    soc_start REAL, soc_end REAL,
    ended TEXT NOT NULL
);
CREATE INDEX sessions_by_start ON sessions (start_s);
CREATE TABLE grid_events (
    source TEXT NOT NULL, event_id TEXT NOT NULL,
    kind TEXT NOT NULL, title TEXT NOT NULL,
    start_s REAL NOT NULL, end_s REAL,
    status TEXT NOT NULL, opted_out INTEGER NOT NULL,
    received_s REAL NOT NULL, problem TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (source, event_id)
);
CREATE INDEX grid_events_by_start ON grid_events (start_s);
CREATE TABLE deliveries (
    source TEXT NOT NULL, event_id TEXT NOT NULL, at_s REAL NOT NULL,
    asked_w REAL, delivered_w REAL, baseline_w REAL,
    PRIMARY KEY (source, event_id, at_s)
);
CREATE TABLE commands (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_s REAL NOT NULL, source TEXT NOT NULL, name TEXT NOT NULL,
    body TEXT NOT NULL, outcome TEXT NOT NULL
);
CREATE INDEX commands_by_time ON commands (at_s);
