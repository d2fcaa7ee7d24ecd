"""What a session needs of WhatsApp.

`port`: the methods and the events, all that a session knows. `factory`: which adapter serves an address.
`playwright_adapter/`: the adapter on Playwright and wa-js. `bridge/`: the JavaScript that it puts on the page.
`versions/`: which build of WhatsApp Web and which wa-js.
`browser/`: the browser's process, from finding its executable to being sure that it is gone.
"""
