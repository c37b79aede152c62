"""Trains a network on scikit-learn's digits and reports what there is to see."""

import joblib
import numpy as np
from matplotlib.figure import Figure
from mendel import Task, params
from sklearn.datasets import load_digits
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

values = params({"rate": 0.01, "hidden": 32, "epochs": 15, "seed": 1})
task = Task.init(project_name="examples", task_name="digits")
logger = task.get_logger()

digits = load_digits()
split = train_test_split(digits.data / 16, digits.target, test_size=0.25, random_state=values["seed"])
train_images, test_images, train_labels, test_labels = split
model = MLPClassifier((values["hidden"],), learning_rate_init=values["rate"], random_state=values["seed"])

for epoch in range(values["epochs"]):
    model.partial_fit(train_images, train_labels, classes=np.arange(10))
    accuracy = model.score(test_images, test_labels)
    logger.report_scalar("loss", "train", model.loss_, epoch)
    logger.report_scalar("accuracy", "train", model.score(train_images, train_labels), epoch)
    logger.report_scalar("accuracy", "test", accuracy, epoch)
    print(f"epoch {epoch:2d}  loss {model.loss_:.4f}  accuracy {accuracy:.4f}", flush=True)

guesses = model.predict(test_images)
matrix = confusion_matrix(test_labels, guesses)
logger.report_confusion_matrix("confusion", "test", matrix, iteration=values["epochs"])

figure = Figure(figsize=(6, 2.4))
for place, index in enumerate(np.flatnonzero(guesses != test_labels)[:8]):
    axes = figure.add_subplot(1, 8, place + 1)
    axes.imshow(test_images[index].reshape(8, 8), cmap="gray_r")
    axes.set_title(f"{test_labels[index]}→{guesses[index]}", fontsize=9)
    axes.axis("off")
figure.savefig("mistakes.png", dpi=110)
logger.report_image("mistakes", "test", values["epochs"], local_path="mistakes.png")

joblib.dump(model, "digits.joblib")
