import logging
from pathlib import Path

from coretex import CustomDataset, Metric, MetricType, TaskRun, currentTaskRun, folder_manager


def countWords(path: Path, minimumLength: int) -> int:
    return sum(len(word) >= minimumLength for word in path.read_text().split())


def main() -> None:
    taskRun: TaskRun = currentTaskRun()
    taskRun.setDatasetType(CustomDataset)
    taskRun.createMetrics([Metric.create("words", "sample", MetricType.int, "words", MetricType.int)])

    total = 0
    for index, sample in enumerate(taskRun.dataset.samples):
        sample.unzip()
        words = sum(countWords(path, taskRun.parameters["minimumLength"]) for path in Path(sample.path).rglob("*.txt"))
        logging.info(f">> {sample.name} has {words} words")
        taskRun.submitMetrics({"words": (index, words)})
        total += words

    report = folder_manager.temp / "report.txt"
    report.write_text(f"{total} words\n")
    if taskRun.createArtifact(report, report.name) is None:
        logging.error(">> the report was not stored")
    taskRun.submitOutput("words", total)


if __name__ == "__main__":
    main()
