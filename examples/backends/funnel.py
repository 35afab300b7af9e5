"""How many people came how far, from what a collector wrote; every report counts once, however often it arrived.

    python funnel.py records reports.ndjson     records, one a line
    python funnel.py nginx reports.log          what nginx.conf logs
    python funnel.py facts facts.ndjson         facts of kfactor-server, one a line

Prints lines of JSON: {"step","people","events","campaign"}.
"""
import json
import sys

import duckdb

# Each gives rows of one JSON value, `record`.
SOURCES = {
    "records": "SELECT json AS record FROM read_ndjson_objects($files)",
    "facts": "SELECT json AS record FROM read_ndjson_objects($files)",
    # A body is one record, an array of them, or one a line.
    "nginx": """
        SELECT unnest(CASE WHEN body[1] = '[' THEN json_extract(body, '$[*]')
                           ELSE CAST(string_split(trim(body, chr(10)), chr(10)) AS JSON[]) END) AS record
        FROM read_ndjson($files, columns = {status: 'VARCHAR', body: 'VARCHAR'})
        WHERE status = '204' AND body <> ''
    """,
}

# `source` and `id` name a report, `campaign` and `id` a fact.
FIELDS = {
    "records": {
        "source": "record->>'source'",
        "campaign": "coalesce(record->>'partitionkey', split_part(record->>'source', ':', 3))",
        "kind": "regexp_extract(record->>'type', '^io\\.kfactor\\.(.+)\\.v1$', 1)",
        "person": "coalesce(record->>'subject', record->'data'->>'by', record->'data'->>'who', record->'data'->>'to')",
    },
    "facts": {
        "source": "coalesce(record->>'campaign', '')",
        "campaign": "coalesce(record->>'campaign', '')",
        "kind": "record->>'kind'",
        "person": "coalesce(record->>'by', record->>'who', record->>'to')",
    },
}
FIELDS["nginx"] = FIELDS["records"]

STEPS = {
    "came": ["arrived"],
    "took part": ["helped", "cut", "joined", "opened", "checked-in", "entered", "submitted", "drawn"],
    "opened": ["opened"],
    "shared": ["shared"],
    "rewarded": ["granted"],
}


def funnel(source, files):
    fields = ", ".join(f"{expression} AS {name}" for name, expression in FIELDS[source].items())
    steps = ", ".join(f"({at}, '{step}', {kinds})" for at, (step, kinds) in enumerate(STEPS.items()))
    query = f"""
        WITH received AS ({SOURCES[source]}),
        read AS (SELECT record->>'id' AS id, {fields} FROM received),
        once AS (SELECT source, id, any_value(campaign) AS campaign, any_value(kind) AS kind, any_value(person) AS person
                 FROM read GROUP BY source, id),
        step AS (SELECT * FROM (VALUES {steps}) AS step(place, name, kinds))
        SELECT campaign, name, count(DISTINCT person), count(*)
        FROM once JOIN step ON list_contains(kinds, kind)
        GROUP BY campaign, place, name ORDER BY campaign, place
    """
    return duckdb.connect().execute(query, {"files": files}).fetchall()


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in SOURCES:
        sys.exit(__doc__)
    for campaign, step, people, events in funnel(sys.argv[1], sys.argv[2:]):
        print(json.dumps({"step": step, "people": people, "events": events, "campaign": campaign}))
