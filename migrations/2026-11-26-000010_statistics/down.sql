DROP INDEX ticket_open_due;
DROP TABLE statistic;
DROP TABLE projection;
