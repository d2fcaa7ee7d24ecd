"""What is run in the page: wa-js and the scripts beside this file, assembled by `page_script`."""
