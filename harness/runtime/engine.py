"""The little of a Docker engine that we use. The SDK is imported when an engine is reached for, not before."""

from __future__ import annotations

import builtins
import contextlib
import os
import socket
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import IO, Any

from harness.errors import EnvironmentFault

DEFAULT_SOCKET = "/var/run/docker.sock"
# Seconds without a word from the engine; one step of a build may be silent for minutes.
PATIENCE = 120
BUILD_PATIENCE = 3600
START_HINT = "start one (for instance `sudo systemctl start docker`), or run without it: RUNTIME=process"


def engine_answers() -> bool:
    """Whether an engine of this machine can be used. Cheap where there is none.

    An engine elsewhere (DOCKER_HOST=tcp:// or ssh://) does not count: it would not see our folders.
    """
    if not _host().startswith("unix://"):
        return False
    try:
        Engine.connect(timeout=5).close()
    except EnvironmentFault:
        return False
    return True


def _host() -> str:
    return os.environ.get("DOCKER_HOST") or f"unix://{DEFAULT_SOCKET}"


def _knock(path: str) -> None:
    """EnvironmentFault where nobody listens at a socket, or not to us; the SDK's own messages do not tell it apart."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
            door.settimeout(5)
            door.connect(path)
    except PermissionError as error:
        hint = "add yourself to its group (`sudo usermod -aG docker $USER`, then log in again)"
        raise EnvironmentFault(f"no permission to use the Docker engine at {path}", hint=hint) from error
    except OSError as error:
        raise EnvironmentFault(f"no Docker engine answers at {path}: {error.strerror}", hint=START_HINT) from error


class Engine:
    """A connection to an engine. Methods raise EnvironmentFault for what the engine refuses."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._api = client.api

    @classmethod
    def connect(cls, timeout: int = PATIENCE) -> Engine:
        host = _host()
        if host.startswith("unix://"):
            _knock(host.removeprefix("unix://"))
        try:
            # Through its modules: without the SDK, `docker` alone would be the folder of that name in a checkout.
            from docker.client import from_env
            from docker.errors import DockerException
        except ImportError as error:
            hint = "pip install 'hpo-harness[docker]', or run without it: RUNTIME=process"
            raise EnvironmentFault("the Python package `docker` is not installed", hint=hint) from error
        try:
            return cls(from_env(timeout=timeout))
        except DockerException as error:
            raise EnvironmentFault(f"no Docker engine answers at {host}: {error}", hint=START_HINT) from error

    def close(self) -> None:
        self._client.close()

    def version(self) -> str:
        with _faults("the engine"):
            found: str = self._api.version()["Version"]
            return found

    def rootless(self) -> bool:
        """Whether root in a container is the engine's unprivileged owner."""
        with _faults("the engine"):
            return any("rootless" in option for option in self._api.info().get("SecurityOptions") or ())

    # Images

    def image(self, reference: str) -> dict[str, Any] | None:
        """What `docker image inspect` shows, None where the engine does not hold it."""
        from docker.errors import ImageNotFound

        with _faults(reference), contextlib.suppress(ImageNotFound):
            found: dict[str, Any] = self._api.inspect_image(reference)
            return found
        return None

    def pull(self, reference: str, login: Mapping[str, str] | None = None) -> None:
        """Pull by tag or, of `name@sha256:...`, by digest. `login`: as for `push`."""
        with _faults(f"to pull {reference}"):
            self._client.images.pull(reference, auth_config=login)

    def digest_of(self, repository: str, tag: str) -> str:
        """Digest of a tag as its registry has it now; nothing is pulled."""
        with _faults(f"{repository}:{tag}"):
            found: str = self._api.inspect_distribution(f"{repository}:{tag}")["Descriptor"]["digest"]
            return found

    def build(self, context: IO[bytes], arguments: Mapping[str, str], *, cache: bool) -> Generator[str, None, str]:
        """Build from a tar archive, without network; yields the builder's output by lines, returns the image's id."""
        image_id = ""
        with _faults("to build"):
            events = self._api.build(
                fileobj=context,
                custom_context=True,
                buildargs=dict(arguments),
                network_mode="none",
                nocache=not cache,
                rm=True,
                forcerm=True,
                decode=True,
                timeout=BUILD_PATIENCE,
            )
            for event in events:
                if "error" in event:
                    raise EnvironmentFault(f"the build failed: {event['error'].strip()}")
                image_id = event.get("aux", {}).get("ID", image_id)
                yield from event.get("stream", "").splitlines()
        return image_id

    def save(self, image: str, archive: IO[bytes]) -> None:
        """The image as a tar archive of layers, as `docker save` writes it."""
        with _faults(image):
            for chunk in self._api.get_image(image):
                archive.write(chunk)

    def load(self, archive: IO[bytes]) -> None:
        """The reverse of `save`; tags come with the archive."""
        with _faults("to load an image"):
            for event in self._api.load_image(archive):
                if "error" in event:
                    raise EnvironmentFault(f"the engine cannot load the image: {event['error'].strip()}")

    def remove_image(self, reference: str, *, parents: bool) -> None:
        """Remove an image that nothing uses; with `parents` also the untagged ones that it was built from."""
        from docker.errors import APIError

        with contextlib.suppress(APIError):
            self._api.remove_image(reference, noprune=not parents)

    def tags(self, repository: str) -> builtins.list[str]:
        """Tagged images of the repository, as "repository:tag"."""
        with _faults("the engine"):
            return [tag for image in self._api.images(name=repository) for tag in image["RepoTags"] or ()]

    def untagged(self, label: str) -> builtins.list[dict[str, Any]]:
        """Images without a name, and without images built on them, that have the label."""
        with _faults("the engine"):
            found: list[dict[str, Any]] = self._api.images(filters={"label": label, "dangling": True})
            return found

    def push(self, image: str, repository: str, tag: str, login: Mapping[str, str] | None) -> Generator[str, None, str]:
        """Push under `repository:tag`; yields what the engine says of layers, returns the registry's digest.

        `login`: user name and password, None for those that `docker login` has stored.
        """
        digest = ""
        with _faults(f"to push to {repository}"):
            self._api.tag(image, repository, tag)
            events = self._api.push(repository, tag, stream=True, decode=True, auth_config=login)
            for event in events:
                if "error" in event:
                    raise EnvironmentFault(f"pushing to {repository} failed: {event['error'].strip()}")
                digest = event.get("aux", {}).get("Digest", digest)
                if layer := event.get("id"):
                    yield f"{layer}: {event['status']} {event.get('progress', '')}".rstrip()
        return digest

    def import_image(self, archive: IO[bytes], repository: str, tag: str) -> None:
        """An image of one layer, from a tar archive of a root file system."""
        with _faults(f"{repository}:{tag}"):
            self._api.import_image_from_data(archive, repository=repository, tag=tag)

    def output(self, image: str, command: Sequence[str]) -> str:
        """Standard output of a short command, in a container of its own; EnvironmentFault where it fails."""
        with _faults(image):
            container = self._client.containers.create(image, list(command), network_mode="none")
            try:
                container.start()
                code = container.wait()["StatusCode"]
                text: str = container.logs(stdout=True, stderr=bool(code)).decode().strip()
            finally:
                container.remove(force=True)
        if code:
            raise EnvironmentFault(f"{command[0]} in {image} ended with exit code {code}: {text}")
        return text

    # Containers

    def create(self, name: str, image: str, command: Sequence[str], details: Mapping[str, Any]) -> None:
        """`details`: as for the SDK's `containers.create`; nothing where the name is already taken."""
        from docker.errors import APIError

        with _faults(name):
            try:
                self._client.containers.create(image, list(command), name=name, **details)
            except APIError as error:
                if error.status_code != 409:
                    raise

    def start(self, name: str) -> None:
        with _faults(name):
            self._api.start(name)

    def inspect(self, name: str) -> dict[str, Any] | None:
        """What `docker inspect` shows of a container, None where there is none."""
        from docker.errors import NotFound

        with _faults(name), contextlib.suppress(NotFound):
            found: dict[str, Any] = self._api.inspect_container(name)
            return found
        return None

    def list(self, label: str) -> list[dict[str, Any]]:
        """Every container that has the label, whatever its state: one call, however many there are."""
        with _faults("the engine"):
            found: list[dict[str, Any]] = self._api.containers(all=True, filters={"label": label})
            return found

    def follow(self, name: str) -> Iterator[bytes]:
        """Both outputs from their beginning to the end of the container, in pieces of any length."""
        with _faults(name):
            yield from self._api.logs(name, stdout=True, stderr=True, stream=True, follow=True)

    def signal(self, name: str, number: int) -> None:
        """A signal to the first process; nothing where it does not run."""
        from docker.errors import APIError

        with _faults(name):
            try:
                self._api.kill(name, number)
            except APIError as error:
                if error.status_code not in (404, 409):
                    raise

    def stop(self, name: str, grace: int) -> None:
        """SIGTERM, after `grace` seconds SIGKILL; nothing where it does not run."""
        from docker.errors import NotFound

        with _faults(name), contextlib.suppress(NotFound):
            self._api.stop(name, timeout=grace)

    def tail(self, name: str, lines: int) -> bytes:
        """Last lines of standard output, then of standard error.

        The engine keeps no order between the two, and its own `tail` counts before it tells them apart: the message
        of a crash could be missing.
        """
        with _faults(name):
            output: bytes = self._api.logs(name, stdout=True, stderr=False)
            errors: bytes = self._api.logs(name, stdout=False, stderr=True)
            return b"".join(line for text in (output, errors) for line in text.splitlines(keepends=True)[-lines:])

    def remove(self, name: str) -> None:
        from docker.errors import NotFound

        with _faults(name), contextlib.suppress(NotFound):
            self._api.remove_container(name, force=True, v=True)


@contextlib.contextmanager
def _faults(subject: str) -> Iterator[None]:
    """What the SDK raises, as ours."""
    from docker.errors import APIError, DockerException
    from requests.exceptions import RequestException

    try:
        yield
    except APIError as error:
        raise EnvironmentFault(f"Docker refuses {subject}: {error.explanation or error}") from error
    except (DockerException, RequestException) as error:
        raise EnvironmentFault(f"the Docker engine failed over {subject}: {error}", hint=START_HINT) from error
