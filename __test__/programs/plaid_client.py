# Makes calls with Plaid's client for Python. Standard input has a Sandbox and its calls as JSON;
# standard output gets a list with the outcome of each call: its status, and the error code if it
# failed. A reply that the client cannot read is an outcome with `unreadable`.

import json
import sys

import plaid
from plaid.api.plaid_api import PlaidApi

given = json.load(sys.stdin)
configuration = plaid.Configuration(
    host=given["url"],
    api_key={"clientId": given["clientId"], "secret": given["secret"]},
)
api_client = plaid.ApiClient(configuration)
client = PlaidApi(api_client)
endpoints = {
    endpoint.settings["endpoint_path"]: endpoint
    for name, endpoint in vars(client).items()
    if name.endswith("_endpoint")
}


def model(kind, body):
    """The request as an object of the client's, with objects inside."""
    return kind._new_from_openapi_data(
        **body, _configuration=configuration, _spec_property_naming=True
    )


def call(path, body):
    endpoint = endpoints[path]
    method = getattr(client, endpoint.settings["operation_id"])
    for name, kinds in endpoint.openapi_types.items():
        if name.endswith("_request"):
            return method(model(kinds[0], body))
    return method(body)


def call_unchecked(path, body):
    """Sends a body that the client itself may refuse."""
    return api_client.call_api(
        path,
        "POST",
        body=body,
        header_params={"Content-Type": "application/json"},
        auth_settings=["clientId", "secret"],
        response_type=endpoints[path].settings["response_type"],
        _return_http_data_only=True,
        _check_type=True,
    )


def outcome(path, body, is_good):
    try:
        reply = (call if is_good else call_unchecked)(path, body)
    except plaid.ApiException as error:
        return {"status": error.status, "error_code": json.loads(error.body)["error_code"]}
    except (plaid.OpenApiException, TypeError, ValueError) as error:
        return {"unreadable": f"{type(error).__name__}: {error}"}
    reply.to_dict()
    return {"status": 200, "request_id": reply.request_id}


print(json.dumps([outcome(**each) for each in given["calls"]]))
