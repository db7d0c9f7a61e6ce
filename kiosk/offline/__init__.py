"""Without the network: what the kiosk keeps for it, whom it serves by that, and how it brings back what it took.

supplies   what the service signed, on disk: root, package, status lists; checked whenever it is read
watch      whether the kiosk's clock can be believed
readiness  which services may be taken now, and for how many seconds more
judging    whether a card is genuine and in force, by the supplies
desk       admits cards and journals their taps
bringing   brings the journal to the service, and each request to its department
"""
