"""Answers for the differential test: one line of JSON [expression, document text] in, one line out."""
import functools
import json
import operator
import sys

import jmespath
import jmespath.exceptions as exceptions
import jmespath.functions as functions

# From Python 3.12 on sum() corrects rounding errors; the library meant plain addition.
functions.sum = lambda values: functools.reduce(operator.add, values, 0)



def merge(self, *objects):
    """The library checks the first argument only; the specification wants all to be objects."""
    for value in objects:
        if not isinstance(value, dict):
            raise exceptions.JMESPathTypeError("merge", value, type(value).__name__, ["object"])
    return functools.reduce(operator.or_, objects)


functions.Functions.FUNCTION_TABLE["merge"]["function"] = merge

for line in sys.stdin:
    expression, document = json.loads(line)
    try:
        result = jmespath.search(expression, json.loads(document))
        print(json.dumps(result, ensure_ascii=False, separators=(",", ":")))
    except exceptions.JMESPathTypeError:
        print("error invalid-type")
    except (TypeError, AttributeError, OverflowError):
        print("unanswered")  # a fault of the library: it lets an order of text and number through
    except ValueError as error:
        print("error " + type(error).__name__)
