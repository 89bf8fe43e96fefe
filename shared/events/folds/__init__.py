"""Folds that more than one service needs: one state an aggregate, one `evolve`, pure."""
