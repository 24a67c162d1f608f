ALTER TABLE calendar DROP COLUMN special_dates;
