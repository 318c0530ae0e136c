"""Writes EvaluationGolden.cs: what scikit-learn and SciPy make of 80 predictions of 7 classes, of which one never occurs and one is never predicted.

Run: python3 evaluation_golden.py > EvaluationGolden.cs   (made with scikit-learn 1.2.1, SciPy 1.10.1)
"""
import numpy as np
from scipy.special import softmax
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve
from sklearn.metrics import (accuracy_score, average_precision_score, confusion_matrix, log_loss, precision_recall_fscore_support, roc_auc_score,
                             top_k_accuracy_score)

CLASSES, IMAGES, BINS = 7, 80, 15
random = np.random.RandomState(7)
labels = random.choice([0, 1, 2, 3, 4, 5], IMAGES, p=[.3, .25, .2, .1, .1, .05])  # 6 never occurs
logits = np.round(random.randn(IMAGES, CLASSES) * 1.5, 3)
logits[np.arange(IMAGES), labels] += np.round(random.rand(IMAGES) * 4, 3)
logits[:, 5] -= 20  # never predicted
logits = np.round(logits, 3).astype(np.float32)
probabilities = softmax(logits.astype(np.float64), axis=1)
predicted, confidence = probabilities.argmax(1), probabilities.max(1)
right = predicted == labels

each = precision_recall_fscore_support(labels, predicted, labels=range(CLASSES), zero_division=0)
macro = precision_recall_fscore_support(labels, predicted, average="macro", zero_division=0)
bin_accuracy, bin_confidence = calibration_curve(right, confidence, n_bins=BINS, strategy="uniform")
bin_of = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
counts = np.bincount(bin_of, minlength=BINS)
gaps = np.abs(bin_accuracy - bin_confidence)
shares = [(9123, 10000), (0, 10), (10, 10), (1, 2), (37, 80)]
pairs = [(10, 25), (0, 0), (3, 3), (0, 9), (120, 170), (1500, 1400)]


def row(values):
    return ", ".join(repr(v.item() if hasattr(v, "item") else v) for v in values)


def block(name, kind, values, per_row):
    lines = [f"    public static readonly {kind}[] {name} =", "    ["]
    values = [v.item() if hasattr(v, "item") else v for v in values]
    suffix = "f" if kind == "float" else ""
    for i in range(0, len(values), per_row):
        lines.append("        " + " ".join(f"{round(v, 3) if kind == 'float' else repr(v)}{suffix}," for v in values[i:i + per_row]))
    return "\n".join([*lines, "    ];", ""])


print("namespace Convolve.Tests.Evaluations;\n")
print("/// <summary>Written by evaluation_golden.py.</summary>\ninternal static class EvaluationGolden\n{")
print(f"    public const int Classes = {CLASSES}, Bins = {BINS};\n")
print(f"    public const double Accuracy = {accuracy_score(labels, predicted)!r}, Loss = {log_loss(labels, probabilities, labels=range(CLASSES))!r},")
print(f"        Top5 = {top_k_accuracy_score(labels, probabilities, k=5, labels=range(CLASSES))!r},")
print(f"        ExpectedCalibrationError = {np.sum(counts[counts > 0] / IMAGES * gaps)!r}, LargestCalibrationError = {gaps.max()!r};\n")
print(f"    public static readonly double[] Macro = [{row(macro[:3])}];\n")
print(block("Labels", "int", labels, 40))
print(block("Logits", "float", logits.ravel(), 14))
print(block("Confusion", "int", confusion_matrix(labels, predicted, labels=range(CLASSES)).ravel(), CLASSES))
for name, values in zip(("Precision", "Recall", "F1"), each):
    print(block(name, "double", values, 4))
print(block("Support", "int", each[3], CLASSES))
occurring = [k for k in range(CLASSES) if (labels == k).any()]
print(block("AveragePrecision", "double", [average_precision_score(labels == k, probabilities[:, k]) for k in occurring], 4))
print(block("RocArea", "double", [roc_auc_score(labels == k, probabilities[:, k]) for k in occurring], 4))
print(block("BinAccuracy", "double", bin_accuracy, 5))
print(block("BinConfidence", "double", bin_confidence, 5))
print("    public static readonly (int Count, int Of, double Low, double High)[] Wilson =\n    [")
for count, of in shares:
    interval = binomtest(count, of).proportion_ci(0.95, "wilson")
    print(f"        ({count}, {of}, {interval.low.item() if hasattr(interval.low, 'item') else interval.low!r}, {interval.high.item() if hasattr(interval.high, 'item') else interval.high!r}),")
print("    ];\n\n    public static readonly (int OnlyFirst, int OnlySecond, double PValue)[] McNemar =\n    [")
for one, other in pairs:
    value = binomtest(one, one + other, 0.5).pvalue if one + other else 1.0
    print(f"        ({one}, {other}, {float(value)!r}),")
print("    ];\n}")
