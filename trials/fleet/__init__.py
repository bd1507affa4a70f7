"""A fleet at a real cluster of three nats-servers: what failures cost, and what a telegram costs.

PYTHONPATH=smartmeter_addon:. .venv/bin/python -m trials.fleet failures
PYTHONPATH=smartmeter_addon:. .venv/bin/python -m trials.fleet backlog
PYTHONPATH=smartmeter_addon:. .venv/bin/python -m trials.fleet load
"""
