"""On which machine a take is made again: as it was made, as far as the record says."""

from collections.abc import Mapping

from remarque.actions.orders import Machine, Memory, Speed
from remarque.model.canonical import Json
from remarque.model.history import Take
from remarque.model.witness import Observer

_CPU, _AUTO = "cpu", "auto"
_ONE_THREAD = "1"
_HALVES = frozenset({"float16", "bfloat16"})


def machine_of(take: Take, told: Mapping[str, Json]) -> Machine:
    """Device, speed and memory of the take; exact where nothing is on record.

    A processor is everywhere, so a take made on one is made on one again; another device is
    taken as it is found.
    """
    settings = take.witness.environment if take.witness is not None else ()
    said = {one.name: one.value for one in settings}
    observer = take.witness.observer if take.witness is not None else None
    if observer is Observer.DIFFUSERS:
        return _of_recording(said, told)
    if observer is not Observer.REMARQUE:
        return Machine(speed=Speed.EXACT)
    speed, memory = said.get("speed", ""), said.get("memory", "")
    return Machine(
        device=_CPU if said.get("runs on") == _CPU else _AUTO,
        speed=Speed(speed) if speed in set(Speed) else Speed.EXACT,
        memory=Memory(memory) if memory in set(Memory) else Memory.PLENTY,
    )


def _of_recording(said: Mapping[str, str], told: Mapping[str, Json]) -> Machine:
    """A recorded pipeline ran as its program had set it: many threads, or half precision."""
    parts = told.get("parts")
    each = parts.values() if isinstance(parts, dict) else ()
    described = [one for one in each if isinstance(one, dict)]
    devices = {str(one["device"]) for one in described if "device" in one}
    numbers = {str(one["dtype"]) for one in described if "dtype" in one}
    on_cpu = devices == {_CPU}
    many = on_cpu and said.get("torch threads", _ONE_THREAD) != _ONE_THREAD
    balanced = many or (not on_cpu and bool(numbers & _HALVES))
    speed = Speed.BALANCED if balanced else Speed.EXACT
    return Machine(device=_CPU if on_cpu else _AUTO, speed=speed)
