-- Dates with hours of their own, by date: [{"date", "name", "hours": [{"open", "close"}]}].
ALTER TABLE calendar ADD COLUMN special_dates jsonb NOT NULL DEFAULT '[]';
