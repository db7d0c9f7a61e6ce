"""An application that does nothing, to measure the server by itself."""

from fastapi import FastAPI

app = FastAPI(openapi_url=None)


@app.post("/v1/authentications")
async def nothing() -> dict[str, str]:
    """Answer at once; the body is not even read."""
    return {}
