DROP FUNCTION IF EXISTS docket_worded_2(tsquery, bigint, bigint, bigint, tsquery[], bigint, bigint);
DROP FUNCTION IF EXISTS docket_counted_2(tsquery[], bigint, bigint);
DROP FUNCTION IF EXISTS docket_counted(tsquery[], bigint, bigint);
DROP FUNCTION IF EXISTS docket_superseded(text, bigint);
DROP TABLE ticket_search_2;
DELETE FROM projection WHERE name = 'search.2';
