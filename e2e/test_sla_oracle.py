"""Business time: the engine and an oracle that walks from minute to minute agree to the second."""

import copy
import importlib.metadata
import os
import pathlib
import unittest

import sla_oracle

# SLA_CASES=100000 for the long run, of another seed with SLA_SEED.
COUNT = int(os.environ.get("SLA_CASES", "2000"))
SEED = os.environ.get("SLA_SEED", "docket")
# Built by `cargo test`, beside the server.
PROGRAM = str(pathlib.Path(os.environ.get("DOCKET_BIN", "")).parent / "examples" / "sla_answers")


class SlaOracle(unittest.TestCase):
    def setUp(self) -> None:
        self.assertTrue(os.path.exists(PROGRAM), f"no {PROGRAM}: run `cargo build --example sla_answers`")

    def test_the_engine_and_the_oracle_agree_on_random_cases(self) -> None:
        asked = sla_oracle.cases(SEED, COUNT)
        said = sla_oracle.answers(PROGRAM, asked)
        self.assertEqual(len(said), COUNT)
        wrong = [text for case, answer in zip(asked, said) if (text := sla_oracle.differs(case, answer))]
        self.assertEqual(wrong[:3], [], f"{len(wrong)} of {COUNT} cases, seed {SEED}")
        due = sum(answer["due"] is not None and answer["due"] < case["until"] for case, answer in zip(asked, said))
        self.assertGreater(due, COUNT / 5, "hardly a deadline among the cases: they prove little")

    def test_an_engine_with_a_fault_is_found_out(self) -> None:
        faults = {
            "forgets holidays": lambda case: case.update(holidays=[]),
            "forgets special dates": lambda case: case.update(special_dates=[]),
            "forgets pauses": lambda case: case.update(pauses=[]),
            "knows no clock changes": lambda case: case.update(time_zone="Etc/GMT+5"),
            "is a second off": lambda case: case.update(target=case["target"] + 1),
        }
        asked = sla_oracle.cases("faults", 150)
        for name, plant in faults.items():
            with self.subTest(name):
                planted = copy.deepcopy(asked)
                for case in planted:
                    plant(case)
                said = sla_oracle.answers(PROGRAM, planted)
                self.assertTrue(any(sla_oracle.differs(case, answer) for case, answer in zip(asked, said)))

    def test_the_zones_are_of_the_release_that_is_bundled(self) -> None:
        # 2026f as PyPI numbers it; that it is 2026f which is bundled, a test of src/model/sla/zone.rs holds.
        self.assertEqual(importlib.metadata.version("tzdata"), "2026.6")
