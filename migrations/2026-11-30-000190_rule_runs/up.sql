-- When rules with `limits` ran on a ticket, as far back as their limits look: {"rule": [microseconds, …]}.
ALTER TABLE ticket ADD COLUMN rule_runs jsonb NOT NULL DEFAULT '{}';
