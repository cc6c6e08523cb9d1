"""Tickets: one for every call with the outside world. Rules are pure; the embedded CRM lives in the store."""
