"""Use of NVIDIA GPUs, asked of the driver's own library; none where there is no driver."""

from __future__ import annotations

import ctypes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TEMPERATURE_OF_GPU = 0


class _Utilization(ctypes.Structure):
    _fields_ = [("gpu", ctypes.c_uint), ("memory", ctypes.c_uint)]


class _Memory(ctypes.Structure):
    _fields_ = [("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong)]


class Gpus:
    """The GPUs of this machine; :meth:`sample` answers their use.

    Example:
        >>> isinstance(Gpus().sample(), dict)
        True
    """

    def __init__(self) -> None:
        self._library: Any = None
        self._devices: list[ctypes.c_void_p] = []
        try:
            library = ctypes.CDLL("libnvidia-ml.so.1")
        except OSError:
            return
        if library.nvmlInit_v2() != 0:
            return
        count = ctypes.c_uint()
        if library.nvmlDeviceGetCount_v2(ctypes.byref(count)) != 0:
            return
        self._library = library
        for index in range(count.value):
            device = ctypes.c_void_p()
            if library.nvmlDeviceGetHandleByIndex_v2(ctypes.c_uint(index), ctypes.byref(device)) == 0:
                self._devices.append(device)

    def sample(self) -> dict[str, float]:
        """Per GPU: utilisation and memory in percent, memory in GiB, temperature in °C."""
        shown: dict[str, float] = {}
        for index, device in enumerate(self._devices):
            utilization, memory, temperature = _Utilization(), _Memory(), ctypes.c_uint()
            name = f"gpu_{index}"
            if self._library.nvmlDeviceGetUtilizationRates(device, ctypes.byref(utilization)) == 0:
                shown[f"{name}_utilization"] = float(utilization.gpu)
            if self._library.nvmlDeviceGetMemoryInfo(device, ctypes.byref(memory)) == 0 and memory.total:
                shown[f"{name}_mem_used_gb"] = memory.used / (1 << 30)
                shown[f"{name}_mem_usage"] = 100.0 * memory.used / memory.total
            sensor = ctypes.c_int(_TEMPERATURE_OF_GPU)
            if self._library.nvmlDeviceGetTemperature(device, sensor, ctypes.byref(temperature)) == 0:
                shown[f"{name}_temperature"] = float(temperature.value)
        return shown
