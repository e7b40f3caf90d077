-- Weather as it was last told, by the hour; and when the car was unplugged, which a session's end does not say.
CREATE TABLE weather (
    at_s REAL PRIMARY KEY,
    temperature_c REAL, cloud_share REAL,
    ghi_w_m2 REAL, dni_w_m2 REAL, dhi_w_m2 REAL,
    solar_w REAL
);
ALTER TABLE sessions ADD COLUMN unplugged_s REAL;
