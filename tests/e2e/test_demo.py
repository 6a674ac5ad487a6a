"""The main job, whole: the sample goes in, and what comes out is what the golden file and the laws say."""

from io import StringIO

import pytest
from rich.console import Console

from servers import ROOT
from shenava.dev.demo import Sample, demo
from shenava.dev.stack import Stack

pytestmark = pytest.mark.servers


@pytest.mark.timeout(300)
async def test_the_demo_matches_the_golden_file_and_breaks_no_law(stack: Stack) -> None:
    told = StringIO()
    good = await demo(stack, Sample.of(ROOT / "config" / "sample"), Console(file=told, width=120))
    summary = told.getvalue()

    assert good, summary
    assert "laws of the loop broken: 0; against the golden file: 0 differences" in summary
