"""One call: who makes it, which tenant it means, what it sends, what it is answered; the OpenAPI document."""
