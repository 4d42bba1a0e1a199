"""manifests.py FOLDER CASES: checks the manifests of FOLDER/kubernetes, and the chart of FOLDER/helm/sluice as Helm renders
it with each values file of CASES, against the API schemas of Kubernetes. Prints all documents by case, as JSON.

Runs in the environment `deploy` of clients/venvs.txt; Helm is its own code, as a library. Nothing is sent to a cluster."""

import json
import sys
from pathlib import Path

import helm_python as helm
import kubernetes_validate
import yaml

# The oldest that the chart allows and that there are schemas for, and the newest.
VERSIONS = ("1.25", kubernetes_validate.latest_version())
# Kinds that are not of Kubernetes itself: their definitions come with an operator.
FOREIGN = {"PodMonitor", "Kustomization"}


def documents(text):
    return [document for document in yaml.safe_load_all(text) if document is not None]


def check(place, found):
    for document in found:
        if document["kind"] in FOREIGN:
            continue
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(document, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                where = ".".join(str(part) for part in error.path)
                sys.exit(f"{place}: {document['kind']}, Kubernetes {version}, {where}: {error.message}")


def main(folder, cases):
    result = {}
    result["kubernetes"] = []
    for path in sorted((folder / "kubernetes").glob("*.yaml")):
        found = documents(path.read_text())
        check(path.name, found)
        result["kubernetes"] += found
    chart_folder = str(folder / "helm/sluice")
    lint = helm.lint(chart_folder)
    if lint["errors"] or any(message["severity"] > 1 for message in lint["messages"]):
        sys.exit(f"helm lint: {lint}")
    with helm.Chart.load(chart_folder) as chart:
        for values in sorted(cases.glob("*.yaml")):
            read = yaml.safe_load(values.read_text())
            try:
                chart.validate_schema(read)
                rendered = chart.render(read, name="test", namespace="mqtt")
            except helm.HelmError as error:
                sys.exit(f"{values.name}: {error}")
            texts = [text for name, text in sorted(rendered.items()) if name.endswith(".yaml")]
            found = [document for text in texts for document in documents(text)]
            check(values.name, found)
            result[values.stem] = found
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
