DROP TABLE rule_set_activation;
