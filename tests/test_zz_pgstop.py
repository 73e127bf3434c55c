import sys
import harness, letters, pytest, tracemalloc
async def test_stop(tmp_path, postgres_url):
    async with harness.house(tmp_path, people=("ada",), database_url=postgres_url) as house:
        await house.human.triage("ada")
async def test_stop_busy(tmp_path, postgres_url):
    async with harness.house(tmp_path, people=("ada",), database_url=postgres_url) as house:
        await house.human.command("ada","/meshclaw triage")
