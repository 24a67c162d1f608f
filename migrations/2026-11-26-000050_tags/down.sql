DROP TABLE ticket_tag;
