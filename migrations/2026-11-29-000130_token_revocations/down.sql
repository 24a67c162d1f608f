DROP TABLE token_revocation;
