"""C2PA manifest stores as the c2pa library reads them: nothing fetched, nobody believed."""
