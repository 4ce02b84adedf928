"""The modules that train, each named as the settings that build it. They alone need torch."""
