"""How Apache Kafka's programs are called: the Java runtime, the jars, the options of the virtual machine."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shenava.dev.java import JavaRuntime, find_java
from shenava.dev.kafka_jars import OnProgress, kafka_classpath, kafka_home

ENVIRONMENT = {"LC_ALL": "C.UTF-8"}
"""Without it Java cannot open paths with other than ASCII letters where no locale is set."""

_AHEAD_OF_TIME_MAJOR = 25  # JEP 514: the first Java that writes such an archive in one run


@dataclass(frozen=True, slots=True)
class KafkaRuntime:
    """A Java runtime with the jars of Kafka."""

    java: JavaRuntime
    classpath: str

    def command(self, main: Sequence[str], *, heap: str, options: Sequence[str] = ()) -> list[str]:
        """The command line that runs the class ``main[0]`` with the arguments ``main[1:]``."""
        archive = (f"-XX:AOTCache={self.archive}",) if self.archive.exists() else ()
        return [
            str(self.java.executable),
            f"-Xmx{heap}",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xlog:disable",
            "-Xlog:all=error:stderr",
            "-Djava.awt.headless=true",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
            *archive,
            *options,
            "-cp",
            self.classpath,
            *main,
        ]

    @property
    def archive(self) -> Path:
        """Where the archive of loaded classes for exactly this runtime and these jars is, if it was made."""
        image = self.java.home / "lib" / "modules"
        changed = image.stat().st_mtime_ns if image.exists() else 0
        key = hashlib.sha256(f"{self.java.home}{changed}{self.classpath}".encode()).hexdigest()
        return kafka_home() / f"classes-{key[:16]}.aot"

    @property
    def can_archive(self) -> bool:
        """Whether this Java can write such an archive."""
        return self.java.major >= _AHEAD_OF_TIME_MAJOR


def kafka_runtime(on_progress: OnProgress = lambda *_: None) -> KafkaRuntime:
    """Find Java and fetch the jars of Kafka if they are not there yet.

    Raises:
        JavaNotFoundError: there is no usable Java.
        KafkaJarError: the jars cannot be had or are not those on the list.
    """
    return KafkaRuntime(find_java(), os.pathsep.join(str(jar) for jar in kafka_classpath(on_progress)))
