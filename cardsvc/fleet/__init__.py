"""The kiosks of the city as machines: enrolled, heard from, taken out of service and put back."""
