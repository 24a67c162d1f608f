-- Documents of deleted tickets are wanted again: all are made anew.
DELETE FROM projection WHERE name = 'search';
