"""Bodies that are no JSON, or JSON of which the schema says little."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cardsvc.api.examples.words import ISSUER, JWS, NOTE, NOTE_KEY
from cardsvc.wire.scopes import Scope

REQUESTS: Final[Mapping[str, Any]] = {
    "getToken": {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": JWS,
        "scope": "verify",
    }
}
"""By operation."""
ANSWERS: Final[Mapping[str, Any]] = {
    "isAlive": {"status": "alive"},
    "isReady": {"status": "ready", "audit": "current"},
    "getKeys": {
        "keys": [
            {
                "kty": "EC",
                "crv": "P-256",
                "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
                "kid": "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U",
                "use": "sig",
                "alg": "ES256",
                "token_types": ["citizen-assertion+jwt"],
            }
        ]
    },
    "getAuthorizationServer": {
        "issuer": ISSUER,
        "token_endpoint": f"{ISSUER}/oauth/token",
        "jwks_uri": f"{ISSUER}/.well-known/jwks.json",
        "service_documentation": f"{ISSUER}/openapi.json",
        "grant_types_supported": ["client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange"],
        "response_types_supported": [],
        "scopes_supported": sorted(Scope),
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["ES256"],
    },
    "getDescription": {"openapi": "3.1.0", "info": {"title": "Citizen card service", "version": "1.0.0"}, "paths": {}},
    "getSecurityContact": (
        "Contact: mailto:cards@city.example\nExpires: 2027-02-25T00:00:00Z\nPreferred-Languages: en, zh, pt\n"
        f"Canonical: {ISSUER}/.well-known/security.txt\n"
    ),
    "getAuditKey": f"{NOTE_KEY}\n",
    "getAuditCheckpoint": NOTE,
    "getStatusList": JWS,
}
"""Likewise."""
FILES: Final[Mapping[str, str]] = {
    "application/pkix-cert": (
        "MIIBmjCCAT+gAwIBAgIULul9xv+fHUoeSxYddo54nm+8jyswCgYIKoZIzj0EAwIwIjEgMB4GA1UEAwwXRXhhbXBsZSBDaXR5IElzc3VpbmcgQ0Ew"
        "HhcNMjYxMTI4MTExNDIzWhcNMzYxMTI1MTExNDIzWjAiMSAwHgYDVQQDDBdFeGFtcGxlIENpdHkgSXNzdWluZyBDQTBZMBMGByqGSM49AgEGCCqG"
        "SM49AwEHA0IABB7gUIq2bhEWEgUh2pzKemaWgiTWONv2tJ0vL9f98hhyZiYAuo+OWQOqLBmGG6OuEEFIHim13pAZ/lw53sdid5ujUzBRMB0GA1Ud"
        "DgQWBBT5OwxvoFr260UPErfdcwyCSngs3jAfBgNVHSMEGDAWgBT5OwxvoFr260UPErfdcwyCSngs3jAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49"
        "BAMCA0kAMEYCIQDyEftI7wXlFOuJwF9v4uRa89PXY4Ad9VbN/lGtlk/m3wIhAJQ4eTP/+hPpJFXcpb1Oa0MAYoVfHaJ5E8GLT+zfX7SQ"
    ),
    "application/pkix-crl": (
        "MIG5MGECAQEwCgYIKoZIzj0EAwIwIjEgMB4GA1UEAwwXRXhhbXBsZSBDaXR5IElzc3VpbmcgQ0EXDTI2MTEyODExMTQyM1oXDTI2MTIwNTExMTQy"
        "M1qgDjAMMAoGA1UdFAQDAgEBMAoGCCqGSM49BAMCA0gAMEUCIHSX04q+f0kWYMuV/O2ylkloDMAkfvarfiVaINUUi4TIAiEAyrAkYCcpdRhOG23/"
        "aon71FHgcwGEwJ7earJzYS2Wisg="
    ),
    "application/ocsp-request": (
        "MEYwRDBCMEAwPjAJBgUrDgMCGgUABBR/PS5tzoBAQ3Gk6xkJp5tFsf4iNQQU+TsMb6Ba9utFDxK33XMMgkp4LN4CBRI0VniQ"
    ),
    "application/ocsp-response": (
        "MIIBGgoBAKCCARMwggEPBgkrBgEFBQcwAQEEggEAMIH9MIGkohYEFPk7DG+gWvbrRQ8St91zDIJKeCzeGA8yMDI2MTEyODExMTQyM1oweTB3MD4w"
        "CQYFKw4DAhoFAAQUfz0ubc6AQENxpOsZCaebRbH+IjUEFPk7DG+gWvbrRQ8St91zDIJKeCzeAgUSNFZ4kKERGA8yMDI2MTEwMTAwMDAwMFoYDzIw"
        "MjYxMTI4MTExNDIzWqARGA8yMDI2MTEyOTExMTQyM1owCgYIKoZIzj0EAwIDSAAwRQIhAOVSHvZ34QwY8zjWQGWbOVnQFtltVUQJikih0OoMtulx"
        "AiBP75sIFPTPy1HpA4AH54uJD1vq6dyc9pemE8TWKAHBUQ=="
    ),
    "application/pdf": "JVBERi0xLjQKMSAwIG9iajw8L1R5cGUvQ2F0YWxvZz4+ZW5kb2JqCnRyYWlsZXI8PC9Sb290IDEgMCBSPj4KJSVFT0YK",
    "image/jpeg": (
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////"
        "////////wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAv/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AT//Z"
    ),
    "image/png": (
        "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAAEElEQVR42mM8wQABTAwUMQA6AADYbMmlZgAAAABJRU5ErkJggg=="
    ),
}
"""Files of each kind, in base64; what is signed was made with openssl, for an issuer of no city."""
PARAMETERS: Final[Mapping[str, Any]] = {
    "askStatusByUrl.encoded": FILES["application/ocsp-request"],
    "getRevocationList.issuer": "issuing",
    "getIssuer.issuer": "issuing",
    "getLossReport.number": "4711082604",
    "getSealedBatch.day": "2026-11-27",
    "proveAuditInclusion.index": 2,
    "proveAuditInclusion.size": 4,
    "proveAuditConsistency.from": 2,
    "proveAuditConsistency.to": 4,
    "readOfficeDay.day": "2026-11-27",
    "readOfficeDay.offset": 480,
    "readUsage.from": "2026-11-01",
    "readUsage.to": "2026-11-27",
}
"""By operation and name: those that are not plain."""
PROBLEM: Final = {
    "type": "urn:citizen-card:problem:card-not-active",
    "title": "The card may not be used",
    "status": 403,
    "detail": "The card is held.",
    "instance": "urn:uuid:019ac9a4-5e2f-7a31-b6c8-00000000002a",
    "state": "held",
}
"""What a refusal looks like."""
