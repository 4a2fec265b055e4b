"""What must be installed where a saved model is used: pinned requirements, and wheels.

What comes from a package index is pinned to the version that is installed here. What does not,
mlfw itself and whatever was installed from a folder, is packed as a wheel.
"""

from mlfw.packaging.closure import installed_closure
from mlfw.packaging.requirements import pack_requirements
from mlfw.packaging.wheels import write_wheel

__all__ = ["installed_closure", "pack_requirements", "write_wheel"]
