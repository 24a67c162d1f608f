DROP INDEX run_ticket;
DROP TABLE rule_set_activation;
