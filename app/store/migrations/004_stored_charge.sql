-- How much more charge the car gained than the counterfactual's: energy moved between days is no saving of either.
ALTER TABLE accounts ADD COLUMN ahead_wh REAL;
