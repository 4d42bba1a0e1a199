"""Tests that mostly wait, run some at a time: each cell is a function of a rig of its own, and a test asks for its result."""

import concurrent.futures

from conftest import Rig


class Cells:
    """Runs `lanes` at the same time; the cells of a lane, (key, function) each, one after the other.

    The rig of a cell ends with it. What it started is shown with the error of a cell that failed.
    """

    def __init__(self, lanes, at_once, make_rig):
        self._make_rig = make_rig
        self._futures = {key: concurrent.futures.Future() for lane in lanes for key, _ in lane}
        self._pool = concurrent.futures.ThreadPoolExecutor(at_once)
        for lane in lanes:
            self._pool.submit(self._run, lane)

    def _run(self, lane):
        for key, function in lane:
            rig = self._make_rig(key)
            try:
                try:
                    said = function(rig)
                finally:
                    rig.close()
                self._futures[key].set_result(said)
            except BaseException as error:
                for title, text in rig.evidence():
                    error.add_note(f"--- {title}\n{text[-6000:]}")
                self._futures[key].set_exception(error)

    def result(self, key, timeout):
        return self._futures[key].result(timeout)

    def close(self):
        self._pool.shutdown(cancel_futures=True)


def rigs(folder, authority, certificate):
    """Makes rigs below a folder."""

    def make(key):
        mine = folder / key.replace(" ", "")
        mine.mkdir()
        return Rig(mine, authority, certificate, key)

    return make


def selected(request, name):
    """The values of the parameter `name` in all tests that were selected, in their order."""
    items = (item for item in request.session.items if hasattr(item, "callspec"))
    return [item.callspec.params[name] for item in items if name in item.callspec.params]
