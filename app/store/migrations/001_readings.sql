-- Telemetry: one row a second, rolled up by the minute and by the quarter of an hour.
CREATE TABLE readings (
    at_s INTEGER PRIMARY KEY,
    grid_w REAL, solar_w REAL, load_w REAL, ev_w REAL, soc REAL, frequency_hz REAL
);
CREATE TABLE readings_minute (
    at_s INTEGER PRIMARY KEY,
    n INTEGER NOT NULL,
    grid_w REAL, grid_w_min REAL, grid_w_max REAL,
    solar_w REAL, solar_w_min REAL, solar_w_max REAL,
    load_w REAL, load_w_min REAL, load_w_max REAL,
    ev_w REAL, ev_w_min REAL, ev_w_max REAL,
    soc REAL, soc_min REAL, soc_max REAL,
    frequency_hz REAL, frequency_hz_min REAL, frequency_hz_max REAL
);
CREATE TABLE readings_quarter (
    at_s INTEGER PRIMARY KEY,
    n INTEGER NOT NULL,
    grid_w REAL, grid_w_min REAL, grid_w_max REAL,
    solar_w REAL, solar_w_min REAL, solar_w_max REAL,
    load_w REAL, load_w_min REAL, load_w_max REAL,
    ev_w REAL, ev_w_min REAL, ev_w_max REAL,
    soc REAL, soc_min REAL, soc_max REAL,
    frequency_hz REAL, frequency_hz_min REAL, frequency_hz_max REAL
);
