"""Pictures made by a ComfyUI that is already running, at this program's request."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from remarque.actions.orders import Listening, Machine, Made, Order
from remarque.engines.comfyui_address import address_of
from remarque.engines.comfyui_answers import Answered
from remarque.engines.comfyui_engine_choice import picture_of, was_sampled
from remarque.engines.comfyui_engine_graph import GraphBuilder
from remarque.engines.comfyui_engine_recorded import graph_in, with_pictures
from remarque.engines.comfyui_environment import environment_of, program_of
from remarque.engines.comfyui_history import Run, Shown
from remarque.engines.comfyui_models import ModelShelf, model_files
from remarque.engines.comfyui_prompts import part_behind
from remarque.engines.comfyui_queue import ComfyQueue, Ended
from remarque.engines.comfyui_queue_following import Following
from remarque.engines.comfyui_queue_socket import RunSocket
from remarque.engines.comfyui_runs import Beside, Surroundings, seen_of
from remarque.errors import InputError, MakingFailed
from remarque.model.canonical import Json
from remarque.model.times import Clock
from remarque.model.witness import ModelFile, Observer
from remarque.pictures.decoding import decode

PATIENCE_SECONDS = 900.0
"""How long nothing may move in the other program before a run is given up."""


class ComfyEngine:
    """A running ComfyUI as an engine; recorded graphs are queued as they are."""

    def __init__(self, address: str, clock: Clock, *, patience: float = PATIENCE_SECONDS) -> None:
        """Take the address; nothing is asked yet.

        Raises:
            UsageError: It is no http or https address.
        """
        self._address = address_of(address)
        self._clock = clock
        self._patience = patience
        self._stats: Json = None

    @property
    def name(self) -> str:
        """ComfyUI with its version where it was asked already."""
        return program_of(self._stats)

    def make(self, order: Order, listening: Listening) -> Made:
        """Make one picture; see ``actions.orders.Engine``.

        Raises:
            Cancelled: It was stopped; the run was withdrawn from ComfyUI.
            ModelMissing: ComfyUI has no model of that name.
            MakingFailed, OutOfMemory: ComfyUI refused the graph or could not finish it.
            UsageError: The recipe asks for what a plain graph cannot do.
            ProgramUnavailable: ComfyUI cannot be reached or answers nonsense.
        """
        with ComfyQueue(self._address) as queue, RunSocket(self._address) as socket:
            self._stats = queue.json("/system_stats")
            graph, assumed, kept = _graph_of(order, queue)
            following = Following(queue, socket, listening, self._patience)
            ended, shown, remarks = _ran(graph, order, following)
            content = _file(queue, shown)
            made = self._made(ended.run, shown, content, kept)
        return replace(made, assumed=(*assumed, *remarks, *_not_carried(order), *_UNCHECKED))

    def environment(self) -> Mapping[str, str]:
        """What ``/system_stats`` tells: versions, devices, options that change pixels.

        Raises:
            ProgramUnavailable: ComfyUI cannot be reached or answers nonsense.
        """
        with ComfyQueue(self._address) as queue:
            self._stats = queue.json("/system_stats")
        facts = {"program": program_of(self._stats)}
        for setting in environment_of(self._stats):
            before = facts.get(setting.name)
            facts[setting.name] = f"{before}, {setting.value}" if before else setting.value
        return MappingProxyType(facts)

    def close(self) -> None:
        """Nothing is held between two pictures."""

    def _made(self, run: Run, shown: Shown, file: Answered, kept: Mapping[str, bytes]) -> Made:
        around = Surroundings(Observer.REMARQUE, self.name, environment_of(self._stats))
        now = self._clock.now()
        came = min(file.modified or run.finished or now, now)
        beside = Beside(load=kept.get, models=_models(run, shown))
        return Made(seen_of(run, shown, (file.content, came), around, beside))


_UNCHECKED = (
    "ComfyUI does not tell the digests of its model files: they were found by name, and are not "
    "shown to be the recorded files.",
)


def _graph_of(
    order: Order, queue: ComfyQueue
) -> tuple[dict[str, Json], tuple[str, ...], dict[str, bytes]]:
    graph = graph_in(order.executed)
    if graph is not None:
        return with_pictures(graph, order, queue)
    builder = GraphBuilder(order, queue)
    graph = builder.build()
    said = "There is no recorded graph; a plain one of core nodes was built from the recipe."
    return graph, (said, *builder.assumed), builder.kept


def _ran(
    graph: dict[str, Json], order: Order, following: Following
) -> tuple[Ended, Shown, tuple[str, ...]]:
    """Run a graph; once more where ComfyUI only remembered an earlier run of it.

    Raises:
        MakingFailed: ComfyUI cannot be brought to run it anew, or it gave no picture.
    """
    queue, client = following.queue, following.socket.client
    run, left_out = queue.queue(graph, client)
    ended = following.until_done(run)
    if not _is_new(ended, order):
        # The server drops what it remembers after the run that follows the request or at once,
        # so that a second run of the same graph finds nothing; one more covers the race.
        for _ in range(2):
            queue.forget_results()
            run, left_out = queue.queue(graph, client)
            ended = following.until_done(run)
            if _is_new(ended, order):
                break
        else:
            raise MakingFailed(
                "ComfyUI only shows again what it remembers of an earlier run of this graph",
                hint="Restart ComfyUI, then try again: a remembered picture proves nothing.",
            )
        left_out = (*left_out, "ComfyUI remembered an earlier run, was made to forget it, and ran.")
    shown, remarks = picture_of(ended.run, order.recipe)
    return ended, shown, (*left_out, *remarks)


def _is_new(ended: Ended, order: Order) -> bool:
    if not ended.cached:
        return True
    if not ended.run.pictures:  # versions before 2024-08 give no pictures of a remembered run
        return False
    shown, _ = picture_of(ended.run, order.recipe)
    return not shown.earlier and was_sampled(ended.run, shown.place.node, ended.cached)


def _file(queue: ComfyQueue, shown: Shown) -> Answered:
    try:
        file = queue.file(shown.filename, shown.subfolder, shown.kind)
        if file is not None:
            decode(file.content)  # a picture that is cut off must not be taken for the result
    except InputError as error:
        raise MakingFailed(f"the picture cannot be had from ComfyUI: {error.message}") from error
    if file is None:
        raise MakingFailed("ComfyUI no longer has the picture it made")
    return file


def _models(run: Run, shown: Shown) -> tuple[ModelFile, ...]:
    """The model files behind a picture by name; where they lie is the server's business."""
    shelf = ModelShelf(lambda _folder, _name: None, list, lambda _path, role: ModelFile(role, ""))
    part = part_behind(run.prompt, shown.place.node) or run.prompt
    return model_files(part, shelf, None)[0]


def _not_carried(order: Order) -> tuple[str, ...]:
    found = []
    if order.machine != Machine():
        found.append("Device, speed and memory are ComfyUI's own settings; ours were not used.")
    if order.maps:
        found.append("ComfyUI does not tell the attention to each phrase; there are no maps.")
    return tuple(found)
