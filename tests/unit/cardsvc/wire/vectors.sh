#!/bin/bash
# Derives the digests of vectors.json once more, without Python and without any code of ours: printf builds the bytes
# as the docstring of cardsvc/wire/signed.py describes them, openssl hashes them. Prints one digest a line, in the order
# of the file: the statements, the activation hashes, the consent hashes, the offline statements, the offline entries
# (as cardsvc/wire/offline.py describes them).
set -eu

text() { printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n'; }
field() { printf '%04x%s' $((${#1} / 2)) "$1"; }
digest() {
    # shellcheck disable=SC2059  # the bytes are the format: \xNN for each
    printf "$(printf '%s' "$1" | sed 's/../\\x&/g')" | openssl dgst -sha256 -r | cut -d' ' -f1
}

# issuer, level, key reference, client id, audience, card UUID, challenge, expiry, transaction hash
statement() {
    digest "$(text citizen-card/auth/v1)00$(
        field "$(text "$1")"
        field "$(text "$2")"
        field "$3"
        field "$(text "$4")"
        field "$(text "$5")"
        field "$(printf '%s' "$6" | tr -d -)"
        field "$7"
        field "$(printf '%016x' "$8")"
        field "$9"
    )"
}

consent() { digest "$(text citizen-card/consent/v1)00$(printf '%s' "$1" | tr -d -)"; }
activation() { digest "$(text citizen-card/activation/v1)00$(printf '%s' "$1" | tr -d -)"; }

# kiosk, sequence, previous hash, time, card UUID, department, service
offline() {
    digest "$(text citizen-card/offline/v1)00$(
        field "$(text "$1")"
        field "$(printf '%016x' "$2")"
        field "$3"
        field "$(printf '%016x' "$4")"
        field "$(printf '%s' "$5" | tr -d -)"
        field "$(text "$6")"
        field "$(text "$7")"
    )"
}

# kiosk, sequence, previous hash, content
entry() {
    digest "$(text citizen-card/offline-entry/v1)00$(
        field "$(text "$1")"
        field "$(printf '%016x' "$2")"
        field "$3"
    )$4"
}

statement 'https://cards.example' tap 9e kiosk-1 kiosk-1 6f1c8a52-3e0b-4d6f-9a57-1c2d3e4f5a6b \
    000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 1772443800 ''
statement 'https://cards.example' pin 9a desk-7 'urn:citizen-card:department:education' \
    6f1c8a52-3e0b-4d6f-9a57-1c2d3e4f5a6b \
    ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100 4102444800 \
    e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
statement 'https://卡.example/横琴' tap 9e k 'urn:x' 00000000-0000-4000-8000-000000000000 \
    0000000000000000000000000000000000000000000000000000000000000000 0 ''
activation 6f1c8a52-3e0b-4d6f-9a57-1c2d3e4f5a6b
consent 018f3c7a-5e2b-7d41-a9c8-3f60b1d2e4a7
offline kiosk-1 1 0000000000000000000000000000000000000000000000000000000000000000 1772443800 \
    6f1c8a52-3e0b-4d6f-9a57-1c2d3e4f5a6b education library-loan
offline 亭 4294967297 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 4102444800 \
    00000000-0000-4000-8000-000000000000 community venue-entry
entry kiosk-1 1 0000000000000000000000000000000000000000000000000000000000000000 7b7d
entry 亭 4294967297 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 ''
