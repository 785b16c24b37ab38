from m5.objects.BranchPredictor import BranchPredictor
from m5.params import *


class OraclePredictor(BranchPredictor):
    """Knows how every conditional branch of one program goes, from a run before."""

    type = "OraclePredictor"
    cxx_class = "gem5::branch_prediction::OraclePredictor"
    cxx_header = "oracle_predictor.hh"

    outcomes = Param.String("File of outcomes, a byte each in the order of commit")
    learn = Param.Bool(False, "Write the file instead")
